# A real S3 server for the test beside it: moto's, which checks the signature of every request. Prints one line of JSON
# with its address and keys; then does what each line of its input says, `put KEY BODY` or `delete KEY`, and answers.
import json
import sys

import boto3
from moto import settings
from moto.server import ThreadedMotoServer

BUCKET = "acme-catalog"

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://{}:{}".format(*server.get_host_and_port())


def client(service, key, secret):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
    )


# Before keys are checked: somebody who may do everything in S3.
iam = client("iam", "none", "none")
iam.create_user(UserName="reader")
allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_user_policy(UserName="reader", PolicyName="reader", PolicyDocument=json.dumps(allowed))
key = iam.create_access_key(UserName="reader")["AccessKey"]
settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

s3 = client("s3", key["AccessKeyId"], key["SecretAccessKey"])
s3.create_bucket(Bucket=BUCKET)
print(json.dumps({"endpoint": endpoint, "key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}), flush=True)
for line in sys.stdin:
    what, name, *body = json.loads(line)
    if what == "put":
        s3.put_object(Bucket=BUCKET, Key=name, Body=body[0].encode())
    else:
        s3.delete_object(Bucket=BUCKET, Key=name)
    print("done", flush=True)
