"""/whoami, /recipes, /users: who calls, what images can be made into, who else there is."""

from fastapi import APIRouter, Request, Response

from dashboard.api.etags import READING, tagged
from dashboard.api.models import RecipeOut, RecipesOut, UserOut, UsersOut, WhoAmI
from dashboard.callers import Operator, Reader
from dashboard.site import site_of
from pixelfleet import recipes

router = APIRouter()


@router.get("/whoami", response_model=WhoAmI, responses=READING, summary="Whose credentials these are", tags=["users"])
def who_am_i(request: Request, caller: Reader) -> Response:
    return tagged(request, WhoAmI(name=caller.name, role=caller.user.role, scopes=sorted(caller.scopes)))


@router.get("/recipes", response_model=RecipesOut, responses=READING, summary="The built-in recipes", tags=["images"])
def list_recipes(request: Request, caller: Reader) -> Response:
    default = site_of(request).settings.default_recipe
    listed = [
        RecipeOut(
            name=name,
            description=recipes.builtin(name).description,
            variants=[variant.name for variant in recipes.builtin(name).variants],
            default=name == default,
        )
        for name in recipes.BUILTIN
    ]
    return tagged(request, RecipesOut(recipes=listed))


@router.get("/users", response_model=UsersOut, responses=READING, summary="Everybody, by name", tags=["users"])
def list_users(request: Request, caller: Operator) -> Response:
    users = [
        UserOut(
            name=user.name,
            role=user.role,
            email=user.email,
            disabled=user.disabled,
            created_at=user.created_at,
            tokens=len(user.tokens),
        )
        for user in site_of(request).deployment.users.all()
    ]
    return tagged(request, UsersOut(users=users))
